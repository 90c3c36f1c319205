"""Story, Post, Revision, Approval, Comment: drafting and review."""
