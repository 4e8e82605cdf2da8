# Os discos e o pacote de suporte.
disks-content = Conteúdo
disks-usable = Serve para instalação
disks-refused = Não:
disks-installed = Esta máquina funciona a partir de um disco em que foi instalada. Para instalá-la novamente, inicie-a por uma mídia do PocketStack.
disks-install = Instalar em disco
disks-install-detail = As configurações desta máquina vão junto. Ela reinicia automaticamente depois que tudo for conferido por leitura do disco; até lá, continua como está.
disks-begin = Instalar agora
disks-choose = Escolha um disco.
disks-again = Escolher o disco novamente

support = Suporte
support-detail = Um pacote de suporte é um arquivo único com o que alguém que for ajudar você precisa ver. Ele não é enviado a ninguém: você o baixa e decide a quem entregar.
support-in = Ele contém: a visão geral, a configuração, os discos, os serviços, as medições dos últimos minutos, os últimos 5000 registros do log, o que foi feito nestas páginas e as versões. Nomes e endereços da sua rede estão entre esses dados.
support-out = Ele não contém: a senha nem o hash dela, chaves, tokens e sessões. O que se parece com isso no log é omitido; confira o arquivo antes de repassá-lo.
support-download = Baixar um pacote de suporte
