collect_ignore = [
    "test_dumps.py"
]  # run where the package is installed: see test_adapter_thirdparty
