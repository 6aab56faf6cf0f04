"""What students never see: their code runs in a sandbox, its verdict is made here."""
