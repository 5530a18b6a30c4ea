"""The Your gaze tab."""
