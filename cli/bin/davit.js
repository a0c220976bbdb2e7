#!/usr/bin/env node
import bundle from './bundle.cjs'

await bundle.main()
