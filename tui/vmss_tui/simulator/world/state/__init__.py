"""What the estate is at one moment: scale sets, instances, models, policies, rules; and the draft that changes them."""
