#!/bin/sh
# Of no bundle that was ever shipped: it says that it ran.
touch "${1:?}"
