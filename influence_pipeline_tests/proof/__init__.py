"""`make proof`: the proofs T1 to T21 at full size, and the page that tells what came out."""
