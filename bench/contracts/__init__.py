"""What each kind of extension must offer."""
