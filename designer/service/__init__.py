"""The lab's face: one set of verbs, with accounts and roles, over HTTP, as a web page, and as tools for assistants.

The layers, each in a few small files:

- `place`, `tables`, `accounts`: where a lab's data is, the tables beside the events, who may do what
- `notes`, `shelf`: writes that carry who asked and are done exactly once; campaigns kept open and up to date
- `jobs`, `worker`: what takes time, in processes of its own
- `lab`: the verbs, the only way in for every face
- `api`, `api_looks`, `pages`, `app`: HTTP; `assistant`: the Model Context Protocol
"""
