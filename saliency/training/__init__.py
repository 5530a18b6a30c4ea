"""Training on Hugging Face Accelerate: recipes, the loop, methods and targets."""
