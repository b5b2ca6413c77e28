.DEFAULT_GOAL := help
.PHONY: help up down test lint fmt protos mutants campaign-isolation campaign-access campaign-faults campaign-audit bench clean

help: ## Show this
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: ## Install what is missing, start the whole platform with demo data, and stay until Ctrl-C
	@./dev up

down: ## Stop the platform that `make up` started
	@./dev down

test: ## Run every test (T=path for some)
	@./dev test $(T)

lint: ## What CI checks besides tests: format, lint, types, imports, spelling, protos
	@./dev lint

fmt: ## Format the code and repair what ruff can repair
	@./dev fmt

protos: ## Generate protos/gen again
	@./dev protos

mutants: ## Take every guard out once, and see a test notice (M=word for some)
	@./dev mutants $(M)

campaign-isolation: ## The whole matrix, replay and fuzz of tenants against each other
	@./dev campaign-isolation

campaign-access: ## 50,000 random steps of roles given and taken, 100,000 decisions against Cedar
	@./dev campaign-access

campaign-faults: ## The fault matrix at length; its result goes into docs/campaigns.md
	@./dev campaign-faults

campaign-audit: ## Forge the log in every way at 1,000 places each; then crashes, every act against its event
	@./dev campaign-audit

bench: ## Measure requests per second, latency and what each guard costs (B=section for some)
	@./dev bench $(B)

clean: ## Stop the platform; remove its state, .venv, generated code and caches
	@./dev clean
