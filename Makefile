# The words that README, CI and people use. Needs nothing but Debian 12, root, Go 1.26, Node 20 with npm, and make:
# Node 24 itself comes with the packages, and everything else is made or installed when it is first needed.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

packages := node_modules/.package-lock.json

.PHONY: help node_modules static check test demo lab lab-down bench picture docs plugin generate image

help: ## Say what there is
	@sed -n 's/^\([a-z_-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 22

node_modules: $(packages) ## Install the packages that the lock file names

$(packages): package.json package-lock.json
	npm ci --no-progress
	@touch $@

static: $(packages) ## Format, lint, types, generated files
	biome check --error-on-warnings .
	tsc --noEmit
	node src/api/generate.ts --check
	node lab/render-chart.ts --check

check: static ## The fast part: static checks and unit tests
	node test/run.ts unit

test: static ## Everything: static checks, unit, integration and end-to-end tests
	node test/run.ts

demo: $(packages) ## Wire a bare Ceph to bare OpenStack hosts before your eyes (KEEP=1 keeps it up)
	node lab/demo.ts

lab: $(packages) ## Bring up Kubernetes, Ceph and hosts, and say how to talk to them
	node lab/up.ts

lab-down: $(packages) ## Take away what `make lab` brought up
	node lab/down.ts

bench: $(packages) ## Print how fast it is
	node bench/run.ts

plugin: $(packages) ## Make the kubectl plugin: dist/kubectl-cephopenstack, one file
	node src/commands/kubectl/bundle.ts
	@echo 'Made dist/kubectl-cephopenstack. Copy it into a folder on the PATH, where Node is 22.19 or newer; then: kubectl cephopenstack --help'

picture: $(packages) ## Draw docs/dashboard.svg from the numbers of a run of the story about drift
	DASHBOARD_PICTURE=docs/dashboard.svg node test/run.ts test/e2e/drift

docs: $(packages) docs/site/node_modules/.package-lock.json ## Make a site of the documentation: dist/docs, static files (DOCS_BASE=/path/ it is served under)
	docs/site/node_modules/.bin/vitepress build docs/site
	@echo 'Made dist/docs. Have any web server serve it, such as: python3 -m http.server --directory dist/docs'

docs/site/node_modules/.package-lock.json: docs/site/package.json docs/site/package-lock.json
	npm ci --no-progress --prefix docs/site
	@touch $@

generate: $(packages) ## Write what is made from the schemas and the chart
	node src/api/generate.ts
	node lab/render-chart.ts

# What the image is called and built from (see Dockerfile), what builds it (the first of three that works), and what else that is told.
IMAGE ?= ceph-openstack-operator:$(shell sed -n 's/^appVersion: *//p' charts/ceph-openstack-operator/Chart.yaml)
version = $(if $(findstring :,$(notdir $(IMAGE))),$(lastword $(subst :, ,$(notdir $(IMAGE)))),$(shell sed -n 's/^appVersion: *//p' charts/ceph-openstack-operator/Chart.yaml))
BASE ?=
NODE ?=
BUILDER ?= docker podman buildah
BUILD_FLAGS ?=

image: ## Build the container image with docker, podman or buildah (IMAGE, BASE)
	@for builder in $(BUILDER); do \
	  $$builder info >/dev/null 2>&1 || continue; \
	  exec $$builder build --file Dockerfile --tag $(IMAGE) $(if $(BASE),--build-arg BASE=$(BASE)) $(if $(NODE),--build-arg NODE=$(NODE)) \
	    --build-arg VERSION=$(version) --build-arg REVISION=$$(git rev-parse HEAD 2>/dev/null || true) $(BUILD_FLAGS) .; \
	done; \
	echo 'Cannot build the image: none of $(BUILDER) works here. Install one, or name yours: make image BUILDER=/path/to/it' >&2; exit 1
