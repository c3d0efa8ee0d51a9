"""Objects before fixed cameras: told from the background, detected, tracked and described."""
