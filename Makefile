.DEFAULT_GOAL := help
.PHONY: help up down test lint fmt protos check-deploy mutants campaign-isolation campaign-access campaign-faults campaign-audit drill bench bench-world clean

help: ## Show this help
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: ## Install what is missing, start the platform with demo data, and run until Ctrl-C
	@./dev up

down: ## Stop the platform that `make up` started
	@./dev down

test: ## Run all tests (T=path for a selection)
	@./dev test $(T)

lint: ## Run the other CI checks: format, lint, types, imports, spelling, protos
	@./dev lint

fmt: ## Format the code and apply ruff's fixes
	@./dev fmt

protos: ## Regenerate protos/gen
	@./dev protos

check-deploy: ## Check what is deployed: render it, and start the rendered pods on an empty server
	@./dev check-deploy

mutants: ## Remove each guard in turn and check that a test fails (M="some words" for a selection)
	@./dev mutants $(M)

campaign-isolation: ## Attack tenant isolation: the full matrix, replay and fuzzing
	@./dev campaign-isolation

campaign-access: ## Check access rules: 50,000 random role changes, 100,000 decisions compared with Cedar
	@./dev campaign-access

campaign-faults: ## Run the full fault matrix and write the result to docs/campaigns.md
	@./dev campaign-faults

campaign-audit: ## Attack the audit log: every kind of forgery in 1,000 places, then crashes
	@./dev campaign-audit

drill: ## Back up a platform under load, destroy its database, restore it to a moment, and compare
	@./dev drill

bench: ## Measure throughput, latency and the cost of each guard (B=section for a selection)
	@./dev bench $(B)

bench-world: ## Make a world of 10,000 tenants and 100,000 products to measure on (W="TENANTS PRODUCTS FOLDER")
	@./dev bench-world $(or $(W),10000 100000)

clean: ## Stop the platform and remove its state, .venv, generated code and caches
	@./dev clean
