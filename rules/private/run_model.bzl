# SPDX-License-Identifier: Apache-2.0
"""Runs a model on the test input: the action that the rules share."""

def run_model(ctx, tool, where, model, more_inputs, test_input, outputs, all_tensors = True):
    """Declares the action that writes what `model` computes.

    Args:
      ctx: the rule's context.
      tool: FilesToRunProvider with model_runner's flags.
      where: says in the progress message what runs it.
      model: File, the model.
      more_inputs: Files that the model refers to, such as its weights.
      test_input: File, the inputs.
      outputs: File, the .npz to write.
      all_tensors: whether it holds the tensors within the network too.
    """
    args = ctx.actions.args()
    args.add("--model", model)
    args.add("--input", test_input)
    args.add("--output", outputs)
    if all_tensors:
        args.add("--dump_all_tensors")
    ctx.actions.run(
        outputs = [outputs],
        inputs = [model, test_input] + more_inputs,
        executable = tool,
        arguments = [args],
        mnemonic = "ModelRunner",
        progress_message = "Running %s %s" % (model.short_path, where),
    )
