import { describe, expect, it } from 'vitest';
import { cmrAcrossTokens, cmrDomainTokens, cmrGeneralTokens, cmrRatio } from '../../../src/laws/criticalRatio/forms.ts';
import { lawFormContract } from '../../contract/lawForm.ts';

for (const form of [cmrRatio, cmrDomainTokens, cmrGeneralTokens, cmrAcrossTokens]) lawFormContract(form);
