"""The secret files of a platform: how they are made, published, replaced and handed out."""
