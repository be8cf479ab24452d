# SPDX-License-Identifier: Apache-2.0
"""Runs models on the test input: the actions that the rules share."""

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

def compare_models(ctx, tools, model, weights, reference, more_inputs, test_input, names):
    """Declares the action that runs two models and writes how alike all their tensors are.

    The tensors themselves, gigabytes of a large network, stay in memory.

    Args:
      ctx: the rule's context.
      tools: TpuToolchainInfo.
      model: File, an .mlir.
      weights: File, its weights.
      reference: File, an .mlir or .onnx.
      more_inputs: Files that it refers to.
      test_input: File, the inputs.
      names: struct of the Files to write: `similarities`, a .json for npz_tool compare, and
        `outputs` or None and `reference_outputs` or None, .npz of what both have for the outputs.
    """
    args = ctx.actions.args()
    args.add("--model", model)
    args.add("--input", test_input)
    args.add("--reference_model", reference)
    args.add("--similarities", names.similarities)
    if names.outputs:
        args.add("--output", names.outputs)
    if names.reference_outputs:
        args.add("--reference_output", names.reference_outputs)
    more_tools = []
    if reference.extension == "onnx":
        args.add("--onnxruntime", tools.onnxruntime_runner.executable)
        more_tools.append(tools.onnxruntime_runner)
    ctx.actions.run(
        outputs = [f for f in [names.similarities, names.outputs, names.reference_outputs] if f],
        inputs = [model, weights, reference, test_input] + more_inputs,
        executable = tools.model_runner,
        tools = more_tools,
        arguments = [args],
        mnemonic = "CompareModels",
        progress_message = "Comparing %s with %s" % (model.short_path, reference.short_path),
    )
