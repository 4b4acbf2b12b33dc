"""One architecture a file; dropping a file in here with ``@register_model`` is the whole change."""
