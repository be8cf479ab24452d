# SPDX-License-Identifier: Apache-2.0
"""Data sets as attributes and as flags: what the rules that run networks on them share."""

SAMPLES = attr.label_list(
    doc = "The samples: images, made inputs as the model records, or `.npy` and `.npz` files. " +
          "Of a network with several inputs each sample is an `.npz`.",
    allow_files = [".png", ".jpg", ".jpeg", ".npy", ".npz"],
    mandatory = True,
)

def samples_of(ctx):
    """The files of the attribute `data`, each once, by path.

    Args:
      ctx: the rule's context.

    Returns:
      A list of files, not empty.
    """
    by_path = {f.short_path: f for f in ctx.files.data}
    if not by_path:
        fail("%s: data holds no file; a data set needs at least one sample." % ctx.label)
    return [by_path[path] for path in sorted(by_path)]

def list_of(ctx, flag, samples):
    """The flag of a tool with a file that lists the samples.

    Args:
      ctx: the rule's context.
      flag: without dashes.
      samples: files.

    Returns:
      An Args object.
    """
    args = ctx.actions.args()
    args.add_all(samples)
    args.use_param_file("--%s=%%s" % flag, use_always = True)
    args.set_param_file_format("multiline")
    return args
