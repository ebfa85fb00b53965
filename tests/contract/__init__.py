"""The contract, as a client sees it: these tests know the service by its address only.

They ask a service that they start themselves, or, to test an image or an installation,
the one at ``MOCKSMTP_TEST_ADDRESS`` (its ports are 25, 8000 and 53 unless
``MOCKSMTP_TEST_PORTS`` has three others), whose state they take the liberty to reset.
"""
