"""Who may talk to the robot, and how people are admitted."""
