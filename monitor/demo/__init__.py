"""``driftvakt demo``: two small test environments on loopback that break and heal on a script.

    script      what goes wrong when, as data
    authority   a certificate authority of a few minutes' life
    endpoints   what the services answer
    servers     the services as TLS servers, in a process of their own
    process     starting and ending that process
    config      the ordinary configuration file that watches them
    show        what a person sees
    run         all of it together

Everything it makes is in one temporary folder, which is gone afterwards.
"""
