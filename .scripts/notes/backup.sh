#!/bin/sh
# Copies the photos to the external disk; only what has changed since the last time.
set -eu
rsync --archive --delete --human-readable "$HOME/Pictures/" "/media/backup/pictures/"
date >"/media/backup/last-run"
