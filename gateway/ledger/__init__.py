"""What do we hold, and what happened to it? Everything durable, and all SQL about messages and deliveries."""
