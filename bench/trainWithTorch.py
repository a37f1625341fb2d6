"""The model, loss and optimiser of src/model in plain eager PyTorch: the peer of bench/train.ts and bench/parity.ts.

Reads commands from standard input, a JSON object a line, and answers each with one: {"do": "open", …}, {"do": "run", …},
{"do": "train", …}. Tensors travel as files of float32 (parameters, in the order of their names) and int32 (batches).
"""

import json
import math
import resource
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

BETAS, EPSILON, WEIGHT_DECAY, CLIP_NORM = (0.9, 0.95), 1e-8, 0.1, 1.0


class Llama:
    def __init__(self, spec, shapes, values):
        self.spec = spec
        self.parameters = {}
        at = 0
        for name, shape in shapes.items():
            size = math.prod(shape)
            tensor = torch.from_numpy(values[at : at + size].reshape(shape).copy())
            self.parameters[name] = tensor.requires_grad_(True)
            at += size
        length, half = spec["contextLength"], spec["width"] // spec["heads"] // 2
        frequency = spec["ropeTheta"] ** (-torch.arange(half, dtype=torch.float64) / half)
        angle = torch.arange(length, dtype=torch.float64)[:, None] * frequency
        self.cos = torch.cat([angle.cos(), angle.cos()], -1).float()
        self.sin = torch.cat([angle.sin(), angle.sin()], -1).float()
        self.mask = torch.full((length, length), float("-inf")).triu(1)

    def norm(self, x, gain):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.spec["normEpsilon"]) * gain

    def rotate(self, x):
        first, second = x.chunk(2, -1)
        return x * self.cos + torch.cat([-second, first], -1) * self.sin

    def attention(self, x, at):
        spec, p = self.spec, self.parameters
        batch, length, width = x.shape
        size = width // spec["heads"]

        def heads(name, count):
            return F.linear(x, p[f"{at}.self_attn.{name}.weight"]).view(batch, length, count, size).transpose(1, 2)

        q = self.rotate(heads("q_proj", spec["heads"]))
        k = self.rotate(heads("k_proj", spec["keyValueHeads"]))
        v = heads("v_proj", spec["keyValueHeads"])
        if spec["heads"] != spec["keyValueHeads"]:
            groups = spec["heads"] // spec["keyValueHeads"]
            k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
        shares = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(size) + self.mask, -1)
        attended = (shares @ v).transpose(1, 2).reshape(batch, length, width)
        return F.linear(attended, p[f"{at}.self_attn.o_proj.weight"])

    def loss(self, tokens):
        spec, p = self.spec, self.parameters
        inputs, targets = tokens[:, :-1], tokens[:, 1:]
        x = F.embedding(inputs, p["model.embed_tokens.weight"])
        for layer in range(spec["layers"]):
            at = f"model.layers.{layer}"
            x = x + self.attention(self.norm(x, p[f"{at}.input_layernorm.weight"]), at)
            h = self.norm(x, p[f"{at}.post_attention_layernorm.weight"])
            gate = F.silu(F.linear(h, p[f"{at}.mlp.gate_proj.weight"]))
            up = F.linear(h, p[f"{at}.mlp.up_proj.weight"])
            x = x + F.linear(gate * up, p[f"{at}.mlp.down_proj.weight"])
        output = p["model.embed_tokens.weight" if spec["tiedEmbeddings"] else "lm_head.weight"]
        logits = F.linear(self.norm(x, p["model.norm.weight"]), output)
        return F.cross_entropy(logits.flatten(0, 1), targets.reshape(-1))


class Trainer:
    def __init__(self, command):
        torch.set_num_threads(1)
        torch.manual_seed(0)
        self.spec = command["spec"]
        self.batch = command["batch"]
        self.device = command.get("device", "cpu")
        values = np.fromfile(command["parameters"], np.float32)
        self.model = Llama(self.spec, command["shapes"], values)
        if self.device != "cpu":
            model = self.model
            model.cos, model.sin, model.mask = (x.to(self.device) for x in (model.cos, model.sin, model.mask))
            for name, value in model.parameters.items():
                model.parameters[name] = value.detach().to(self.device).requires_grad_(True)
        named = self.model.parameters
        self.all = list(named.values())
        decayed = [p for p in self.all if p.dim() > 1]
        plain = [p for p in self.all if p.dim() == 1]
        groups = [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": plain, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=BETAS, eps=EPSILON, foreach=True)

    def step(self, tokens, rate):
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = self.model.loss(tokens)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.all, CLIP_NORM)
        self.optimizer.step()
        return loss, norm

    def batches(self, path):
        length = self.spec["contextLength"] + 1
        tokens = np.fromfile(path, np.int32).reshape(-1, self.batch, length)
        return torch.from_numpy(tokens.astype(np.int64)).to(self.device)

    def run(self, command):
        """Steps for so many seconds over the given batches: how many, in which wall and processor time."""
        batches = self.batches(command["batches"])
        began, cpu, steps = time.perf_counter(), time.process_time(), 0
        while time.perf_counter() - began < command["seconds"]:
            loss, _ = self.step(batches[steps % len(batches)], 1e-3)
            steps += 1
        loss = loss.item()
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return {"steps": steps, "seconds": seconds, "cpuSeconds": cpu_seconds, "loss": loss, "memoryBytes": memory}

    def train(self, command):
        """One step a batch: every loss and gradient norm, and the parameters at the end."""
        told = [self.step(tokens, rate) for tokens, rate in zip(self.batches(command["batches"]), command["rates"])]
        with open(command["parameters"], "wb") as file:
            for value in self.all:
                file.write(value.detach().cpu().numpy().astype(np.float32).tobytes())
        return {"losses": [loss.item() for loss, _ in told], "norms": [float(norm) for _, norm in told]}


def main():
    trainer = None
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "open":
            began = time.perf_counter()
            trainer = Trainer(command)
            blas = "MKL" if torch.backends.mkl.is_available() else "OpenBLAS or another BLAS of the system"
            answer = {"seconds": time.perf_counter() - began, "version": f"PyTorch {torch.__version__}, {blas}"}
        else:
            answer = getattr(trainer, command["do"])(command)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
