"""Class mode of the Your gaze tab."""
