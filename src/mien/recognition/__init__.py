"""Recognition: from a picture to its faces' expressions, with the light install only."""
