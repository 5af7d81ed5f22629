"""What Azure has now."""
