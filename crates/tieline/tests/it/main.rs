//! Whole-app tests: the real binary, with its own data folder and free ports.

mod descriptor;
