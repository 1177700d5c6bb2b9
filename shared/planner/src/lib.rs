//! The embedded route planner.
