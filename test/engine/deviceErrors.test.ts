import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/common/errors.ts';
import { type DeviceError, deviceError } from '../../src/engine/onnx/deviceErrors.ts';
import { faultOfDevice } from '../../src/training/deviceFault.ts';

const cudaCall = (failure: string): string =>
  `/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_call.cc:121 std::conditional_t<THRW, void, onnxruntime::common::Status> onnxruntime::CudaCall(ERRTYPE, const char*, const char*, ERRTYPE, const char*, const char*, int) [with ERRTYPE = cudaError; bool THRW = true] CUDA failure ${failure} ; GPU=0 ; hostname=worker ; file=/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_execution_provider.cc ; line=245 ; expr=cudaSetDevice(info_.device_id);`;

/** Seen here with onnxruntime-node 1.30 (webgpu, missing libraries), or in issues of microsoft/onnxruntime. */
const RECORDED: [device: string, problem: string, sentence: RegExp, remedy: RegExp, text: string][] = [
  [
    'webgpu',
    'unavailable',
    /finds no Vulkan driver/,
    /libvulkan1/,
    '/onnxruntime_src/onnxruntime/core/providers/webgpu/webgpu_context.cc:136 onnxruntime::webgpu::WebGpuContext::Initialize(const onnxruntime::webgpu::WebGpuContextConfig&)::<lambda()> adapter_result.status == wgpu::RequestAdapterStatus::Success was false. Failed to get a WebGPU adapter: No supported adapters',
  ],
  [
    'webgpu',
    'unsupported',
    /cannot run a Split with so many/,
    /ONNX_DEVICE=cpu/,
    "Non-zero status code returned while running Split node. Name:'' Status Message: /onnxruntime_src/onnxruntime/core/providers/webgpu/shader_helper.cc:306 onnxruntime::webgpu::ShaderHelper::AddVariableImpl(bool) numbers_storage_buffers_ <= limits_.maxStorageBuffersPerShaderStage was false. Too many storage buffers in shader. Current: 13, Max is 12",
  ],
  [
    'webgpu',
    'unsupported',
    /has no float16/,
    /training\.precision: float32/,
    "Non-zero status code returned while running Cast node. Name:'' Status Message: shader_helper.cc:416 GenerateSourceCode Program Cast requires f16 but the device does not support it.",
  ],
  [
    'webgpu',
    'memory',
    /is out of memory/,
    /nvidia-smi/,
    '[E:onnxruntime:Default, webgpu_context.cc:120 operator()] WebGPU device error(2): Out of memory',
  ],
  [
    'webgpu',
    'memory',
    /is out of memory/,
    /smaller/,
    'vkAllocateMemory failed with VK_ERROR_OUT_OF_DEVICE_MEMORY\n    at CheckVkOOMThenSuccessImpl',
  ],
  ['webgpu', 'lost', /was lost$/, /checkpoint/, 'vkQueueSubmit failed with VK_ERROR_DEVICE_LOST'],
  [
    'cuda',
    'unavailable',
    /CUDA provider or a library/,
    /setup:gpu/,
    'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library',
  ],
  [
    'cuda',
    'unavailable',
    /without ONNX Runtime’s CUDA provider/,
    /setup:gpu -- --install/,
    '[ONNXRuntimeError] : 1 : FAIL : Failed to load library libonnxruntime_providers_shared.so with error: /app/libonnxruntime_providers_shared.so: cannot open shared object file: No such file or directory',
  ],
  [
    'cuda',
    'unavailable',
    /without libcublasLt\.so\.12/,
    /CUDA 12 and cuDNN 9/,
    '[ONNXRuntimeError] : 1 : FAIL : Failed to load library libonnxruntime_providers_cuda.so with error: libcublasLt.so.12: cannot open shared object file: No such file or directory',
  ],
  [
    'cuda',
    'memory',
    /has no room for 940 MB more/,
    /smaller/,
    'Non-zero status code returned while running ReduceSum node. onnxruntime::BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer of size 939524096',
  ],
  ['cuda', 'memory', /is out of memory/, /nvidia-smi/, cudaCall('2: out of memory')],
  [
    'cuda',
    'unavailable',
    /is not there \(no CUDA-capable device is detected\)/,
    /--gpus all/,
    cudaCall('100: no CUDA-capable device is detected'),
  ],
  [
    'cuda',
    'unavailable',
    /too old a driver \(CUDA driver version is insufficient/,
    /525/,
    cudaCall('35: CUDA driver version is insufficient for CUDA runtime version'),
  ],
  [
    'cuda',
    'busy',
    /belongs to another process \(all CUDA-capable devices are busy or unavailable\)/,
    /nvidia-smi -c DEFAULT/,
    cudaCall('46: all CUDA-capable devices are busy or unavailable'),
  ],
  [
    'cuda',
    'lost',
    /was lost \(an illegal memory access was encountered\)/,
    /xid/,
    cudaCall('700: an illegal memory access was encountered'),
  ],
  ['cuda', 'lost', /was lost \(unknown error\)/, /restart/, cudaCall('999: unknown error')],
  [
    'cuda',
    'unsupported',
    /has no EyeLike/,
    /ONNX_DEVICE=cpu/,
    "[ONNXRuntimeError] : 9 : NOT_IMPLEMENTED : Could not find an implementation for EyeLike(9) node with name '/blocks.0/EyeLike'",
  ],
  [
    'cuda',
    'unavailable',
    /is not in onnxruntime-node for this system/,
    /linux\/amd64/,
    'no available backend found. ERR: [cuda] backend not found.',
  ],
];

describe('what ONNX Runtime says of a device', () => {
  test.each(RECORDED)('%s: %s, %s', (device, problem, sentence, remedy, text) => {
    const told = deviceError(device, new Error(text)) as DeviceError;
    expect(told).toBeInstanceOf(UserError);
    expect(told.problem).toBe(problem);
    expect(told.message).toMatch(new RegExp(`^${device} `));
    expect(told.message).toMatch(sentence);
    expect(told.nextStep).toMatch(remedy);
    expect(deviceError(device, told)).toBe(told);
  });

  test('another error stays as it is', () => {
    const error = new Error('the feed tokens is missing');
    expect(deviceError('cuda', error)).toBe(error);
  });
});

describe('a device that fails under a run', () => {
  test('lets the queue try again; a lost one ends the trainer with the reason', () => {
    const words: string[] = [];
    const fault = (text: string) =>
      faultOfDevice(deviceError('cuda', new Error(text)), (last) => words.push(last));
    const memory = fault(cudaCall('2: out of memory')) as Error;
    // A UserError would be final: trying again could not help.
    expect(memory).not.toBeInstanceOf(UserError);
    expect(memory.message).toMatch(/cuda is out of memory\. End other processes/);
    expect(words).toEqual([]);
    fault(cudaCall('700: an illegal memory access was encountered'));
    expect(words).toEqual([
      expect.stringMatching(/^cuda was lost \(an illegal.*\. Look into the system log/),
    ]);
    const other = new UserError('a bad spec');
    expect(faultOfDevice(other, () => {})).toBe(other);
  });
});
