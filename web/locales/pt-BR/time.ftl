# A página do horário.
nav-time = Horário
time-clock = Relógio desta máquina
time-now = Horário
time-local = { $time } ({ $zone }, { $distance })
time-settings = Fuso horário e servidores de horário
time-servers = Servidores de horário
time-servers-hint = Nomes ou endereços IP separados por espaços. Deixe vazio para usar os do Debian.
time-servers-wrong = Digite nomes como pool.ntp.org ou endereços IP, separados por espaços.
time-servers-many = Informe no máximo 8 servidores de horário; quatro são suficientes.
time-use = Usar esta configuração
time-changed = A configuração foi alterada.
