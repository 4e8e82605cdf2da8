# Run through ./just, which installs what is missing.

# The program of the package "tests" drives virtual machines; it is run inside the testbed.
image := "target/debug/pocketstack-image"
tests := "target/debug/pocketstack-tests"

[private]
default:
    @just --list --unsorted

# Set up everything, build the image, boot it in QEMU and print the page's address
demo *ARGS: image _tests
    {{ image }} enter testbed -- {{ tests }} demo {{ ARGS }}

# Run all tests, those of the image in QEMU included
test: unit image test-image image-verify

# Format, lints, documentation, licences, unit and contract tests
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked --quiet
    cargo deny --log-level error check licenses bans sources
    just unit

# Unit and contract tests
unit:
    cargo nextest run --workspace --locked

# Build the image into target/image
image *ARGS: _image
    {{ image }} build {{ ARGS }}

# Build a second time under other circumstances and compare all artifacts
image-verify: _image
    LC_ALL=C TZ=Pacific/Auckland {{ image }} verify

# Show what is in target/image
inspect: _image
    {{ image }} inspect

# Fetch all locked packages; status 3 says that the lock is stale
fetch: _image
    {{ image }} fetch

# Resolve image/packages.toml into image/packages.lock (--diff only says what would change)
lock *ARGS: _image
    {{ image }} lock {{ ARGS }}

# Run the image's cases in QEMU; CASE is a group (boot, browser, install, pages) and what the names must contain
test-image *CASE: _image _tests _browser-assets
    {{ image }} enter testbed --net -- {{ tests }} run {{ CASE }}

# Measure; WHAT is boot, image, install or page, all if not given
bench WHAT="boot image install page": image _tests
    #!/usr/bin/env bash
    set -euo pipefail
    for what in {{ WHAT }}; do
        case $what in
            boot) {{ image }} enter testbed --net -- {{ tests }} bench boot --reference "$({{ image }} reference)" ;;
            image) {{ image }} bench ;;
            install) {{ image }} enter testbed --net -- {{ tests }} bench install ;;
            page) {{ image }} enter testbed --net -- {{ tests }} bench page ;;
            *) echo "there is no benchmark $what: boot, image, install or page" >&2; exit 1 ;;
        esac
    done

[private]
_image:
    cargo build --quiet --locked --package pocketstack-image

# What the browser cases inject into pages (axe-core), as locked; once, until the lock changes.
[private]
_browser-assets:
    #!/usr/bin/env bash
    set -euo pipefail
    from=tests/browser-assets to=target/browser-assets
    cmp --silent $from/package-lock.json $to/installed.json && exit
    mkdir -p $to
    rm -f $to/installed.json
    cp $from/package.json $from/package-lock.json $to/
    npm ci --prefix $to --ignore-scripts --no-audit --no-fund --loglevel error
    # Last: an installation that was interrupted is done again.
    cp $from/package-lock.json $to/installed.json

[private]
_tests:
    cargo build --quiet --locked --package pocketstack-tests
