import { createEagerEngine } from '../../src/engine/eagerEngine.ts';
import { createOnnxEngine } from '../../src/engine/onnx/engine.ts';
import { engineContract } from '../contract/engine.ts';

engineContract('onnx', createOnnxEngine);
// tfjs's own cpu backend stands in for the native one of @tensorflow/tfjs-node-gpu.
engineContract('eager', () => createEagerEngine('cpu'));
