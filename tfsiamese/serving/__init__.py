"""Development server and client for exported models."""
