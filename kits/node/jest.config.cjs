module.exports = { roots: ["<rootDir>/tests/jest"], testMatch: ["**/*.test.cjs"] };
