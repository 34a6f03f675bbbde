"""The lab service: campaigns for several people and instruments, over HTTP, as a web page, and as tools for assistants.

The layers, from the interfaces down; each imports only from those below it:

- `http`: the HTTP API, the web page and the web server; `assistant`: the Model Context Protocol
- `commands`, `queries`, `lab`, `representations`: the operations of every interface, the objects that they share, and
  campaigns as plain data
- `work`: jobs and worker processes
- `store`: accounts, the audit log of requests, open campaigns, the service's tables in the database
- `problems`, `url_names`: errors as problem details; names of campaigns in URLs
"""
