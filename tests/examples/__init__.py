"""The examples of suites in Python, run as their READMEs say."""
