"""One reader a data set; dropping a file in here with ``@register_dataset`` is the whole change."""
