"""Usage logs in: files here, or the engine where the logs are; rollups and profiles kept. An edge of the model."""
