"""What must be so before anything is changed, and who agreed to it. Pure."""
