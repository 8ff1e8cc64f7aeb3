"""HTTP: routes, the body's bounds, problems as answers, clients that hang up."""
