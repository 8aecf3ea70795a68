"""What SageMaker Neo says: the shapes of compilation jobs and the five operations on them."""
