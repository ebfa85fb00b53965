"""A store in Redis or Valkey, which several replicas share."""
