"""What reviewers do: tags and coding."""
