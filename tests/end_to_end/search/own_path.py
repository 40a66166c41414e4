"""What tests/end_to_end/service has for nodes of a test's own."""
import os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "service"))
from own import *
