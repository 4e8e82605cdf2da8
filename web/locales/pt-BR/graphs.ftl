# Os gráficos dos últimos minutos.
nav-performance = Desempenho
graph-row = { $name }: agora { $now }, máximo { $highest }
graph-alternative =
    { $minutes ->
        [one] Gráfico do último minuto. { $title }: { $rows }.
       *[other] Gráfico dos últimos { $minutes } minutos. { $title }: { $rows }.
    }
graph-disk = Disco { $name }
graph-read = Leitura
graph-written = Gravação
graph-nic = Placa de rede { $name }
graph-received = Recebido
graph-sent = Enviado
graph-temperature = Temperatura
graph-hottest = Sensor mais quente
graph-sensors = Sensores
graph-now = Agora
graph-highest = Máximo
