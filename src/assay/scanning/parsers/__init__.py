"""Bounded readers of formats several scanners share; they judge nothing."""
