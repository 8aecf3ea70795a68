"""Where credentials come from: one module a provider, each a flow."""
