"""Archives read within budgets, and what two readers would see differently."""
