# O que o controlador do nó diz (daemon/model/src/words).
node-also = { $first }; { $second }
node-list = { $first }, { $rest }
node-both = { $first } e { $second }
node-unknown = desconhecido

node-role-management = de gerenciamento
node-role-external = externa
node-role-bmc = de controle de energia (BMC)
node-network = rede { $role }
node-network-on = { $bridge } em { $cards }
node-cards-all-other = todas as outras placas de rede
node-cards-of-management = as placas da rede de gerenciamento
node-with-lacp = { $network } (LACP)
node-vlan = VLAN { $number }
node-mtu = MTU { $bytes }
node-ipv4-by-dhcp = IPv4 por DHCP
node-ipv6-by-router = IPv6 por anúncios do roteador
node-bridge-missing = { $bridge } não existe
node-bridge-with = { $bridge }: { $addresses }
node-no-address = nenhum endereço
node-no-link = sem link
node-waiting-for-address = aguardando um endereço
node-link-removed = removendo { $link }
node-link-detached = retirando { $link } do grupo de que faz parte
node-link-set-down = desativando { $link }
node-link-set-up = ativando { $link }
node-bond-added = criando o bond { $link }
node-bridge-added = criando a bridge { $link }
node-vlan-added = criando { $link } para a VLAN { $vlan } de { $lower }
node-stp-stopped = desativando o protocolo spanning tree de { $link }
node-mac-set = atribuindo a { $link } o endereço { $mac }
node-mtu-set = atribuindo a { $link } o MTU { $mtu }
node-link-attached = tornando { $link } uma porta de { $master }
node-networkd-late = o systemd-networkd não assumiu os novos endereços em { $seconds } s
node-addresses-not-written = endereços: { $error }
node-resolver-not-written = servidores de nomes: { $error }

node-no-card = não sobra nenhuma placa de rede com fio para a rede { $role }: instale uma ou escolha uma que outras redes não usem
node-card-missing = a placa { $card } da rede { $role } não está nesta máquina: instale-a ou escolha outra
node-not-wired = { $link }, que a rede { $role } deveria usar, não é uma placa de rede com fio: escolha uma placa
node-no-link-some = sem link em { $cards } da rede { $role }, que funciona pelas outras placas: verifique o cabo
node-no-link-all = sem link em { $cards }, por isso a rede { $role } não alcança ninguém: verifique o cabo
node-small-mtu = { $card } da rede { $role } transporta pacotes de no máximo { $largest } bytes, e não de { $wanted }: defina um MTU menor ou escolha outra placa
node-card-shared = { $card } da rede { $role } é usada pela rede { $with } junto com outras placas: dê às duas redes as mesmas placas, ou placas próprias a cada uma
node-same-vlan = a rede { $role } e a rede { $with } usam a mesma VLAN { $vlan } nas mesmas placas: dê a uma delas outra VLAN ou placas próprias
node-same-without-vlan = a rede { $role } e a rede { $with } usam as mesmas placas sem VLAN: dê a uma delas uma VLAN ou placas próprias

node-bridge-of-card = { $bridge } (placa { $card })
node-bridge-of-cards = { $bridge } (placas { $cards })
node-no-dhcp = nenhum servidor DHCP responde em { $bridge }: verifique o cabo e o servidor, ou pressione N no console para definir um endereço manualmente
node-dhcp-lost = o endereço { $address }, que o DHCP deu a { $bridge }, foi perdido, e nenhum servidor DHCP responde mais: verifique o cabo e o servidor, ou pressione N no console para definir um endereço manualmente
node-ipv6-meanwhile = enquanto isso, o IPv6 funciona
node-address-taken = { $address } está em uso por outra máquina em { $bridge }, a que tem o endereço MAC { $by }: dê outro endereço a uma das duas (N no console); este nó assume o endereço assim que ele estiver livre
node-address-unused-free = { $address } não está em uso em { $bridge }, embora nenhuma outra máquina responda por ele: uma nova tentativa é feita a cada minuto; o log (L no console) diz mais
node-address-unused = { $address } não está em uso em { $bridge }: talvez outra máquina já tenha esse endereço; retire-o de lá ou defina outro aqui (N no console)
node-silent-router = o roteador { $gateway } não responde em { $bridge }, por isso { $address } só alcança a própria rede: verifique se o roteador está ligado e se endereço, tamanho do prefixo e gateway estão corretos (N no console)

node-name = nome
node-time-zone = fuso horário
node-time-servers = servidores de horário
node-time-servers-given = os da rede ou os do Debian
node-timesyncd-untold = avisando o systemd-timesyncd: { $why }

node-time = horário
node-time-wanted = o que os servidores de horário informam
node-clock-before-image = o relógio marca { $now }, antes da criação desta imagem ({ $built }): acerte o relógio na configuração do firmware da máquina ou dê a ela acesso a um servidor de horário
node-clock-long-after-image = o relógio marca { $now }, mais de dez anos depois da criação desta imagem ({ $built }): acerte o relógio na configuração do firmware da máquina ou dê a ela acesso a um servidor de horário
node-clock-hardware = o relógio que continua funcionando com a máquina desligada marca { $says }: acerte-o na configuração do firmware da máquina e, se ele voltar a perder a hora, troque a bateria da placa-mãe
node-clock-silent = nenhum servidor de horário acertou o relógio nos últimos { $minutes } minutos: verifique os nomes dos servidores de horário e se eles podem ser alcançados (porta UDP 123)
node-clock-silent-off = nenhum servidor de horário acertou o relógio nos últimos { $minutes } minutos, e ele está { $off }: verifique os nomes dos servidores de horário e se eles podem ser alcançados (porta UDP 123)
node-clock-behind = { $span } atrasado
node-clock-ahead = { $span } adiantado
node-days = { $days } dias
node-clock-set-by = acertado por { $server }
node-clock-set = acertado por um servidor de horário desde a inicialização
node-clock-off = ainda não acertado por um servidor de horário; segundo { $server }, está { $off }
node-clock-asking = não acertado por um servidor de horário; { $server } está sendo consultado
node-clock-no-answer = não acertado por um servidor de horário, pois nenhum responde

node-packet-filter = filtro de pacotes
node-open-on = { $service } pela rede { $roles }
node-roles = { $first } e pela rede { $rest }
node-everything-open = tudo pode entrar
node-filter-differs = o kernel tem regras diferentes das que recebeu; `nft list ruleset` mostra quais são
node-ssh = SSH
node-ssh-wanted-off = desativado, pois não há nenhuma chave
node-ssh-wanted-for-one = ativado, para 1 chave
node-ssh-wanted-for = ativado, para { $keys } chaves
node-ssh-off = desativado
node-ssh-on = ativado, chave deste nó { $key }
node-sshd-unseen = consultando o sshd: { $error }

node-configuration = configuração
node-configuration-newest = a mais recente que foi salva
node-generation = geração { $number }
node-change-cut-off = o nó (ou o serviço que o controla) reiniciou antes da confirmação
node-change-unconfirmed = ninguém a confirmou em { $seconds } segundos

node-answers = respostas
node-answers-wanted = este nó configurado por elas
node-answers-unreadable = nenhuma que possa ser lida
node-answers-none = ainda nenhuma
node-answers-awaited = tentando novamente a cada poucos segundos: { $why }
node-answers-wrong = { $from }: { $error }; nada foi alterado
node-answers-unused = { $from }; não usadas, pois este nó já está configurado
node-answers-used = { $from }, usadas
node-answers-installing = instalando
node-answers-installed = esta máquina já foi instalada a partir destas respostas, em { $disk }: retire a mídia e reinicie-a

node-state-partition = partição de estado
node-state-room = espaço para configurações e logs
node-state-used = { $percent } % em uso
node-state-full = { $percent } % de { $size } estão em uso, e alterações das configurações podem não ser mais salvas: remova de /var o que não é necessário (imagens, logs antigos) ou instale em um disco maior mantendo as configurações
node-state = estado
node-state-apart = guardado em um disco, à parte da mídia
node-state-in-use = em uso
node-state-not-in-use = em { $disks }, fora de uso
node-state-left = o estado em { $disk } não está em uso: quando esta máquina iniciou, { $disk } ainda não estava presente ou não pôde ser lido; o que é configurado agora não fica guardado lá. Reinicie a máquina e consulte o log se isso não resolver
node-states-none-next = { $disks } contêm, cada um, o estado de uma máquina iniciada por uma mídia, e nenhum deles seria usado na próxima inicialização: retire todos esses discos, menos um, e reinicie a máquina
node-states-none-used = { $disks } contêm, cada um, o estado de uma máquina iniciada por uma mídia, e nenhum deles está em uso: retire todos esses discos, menos um, e reinicie a máquina

node-disk-runs = esta máquina está funcionando a partir dele
node-disk-disc = é uma unidade óptica
node-disk-read-only = está protegido contra gravação
node-disk-small = tem { $size }, e são necessários pelo menos { $needed }
node-disk-unseen = ainda não foi examinado: tente novamente em instantes
node-disk-mounted = está em uso: { $name } está montado em { $point }
node-disk-swap = está em uso: { $name } é swap
node-disk-part-of = está em uso: { $name } faz parte de { $above }

node-part-unknown = uma partição de conteúdo desconhecido
node-part-unknown-named = uma partição “{ $name }” de conteúdo desconhecido
node-lvm-of = LVM do grupo de volumes { $group }
node-raid = parte de um RAID
node-raid-firmware = parte de um RAID criado pelo firmware
node-luks = um volume criptografado (LUKS)
node-zfs = parte de um pool ZFS
node-labelled = { $kind } “{ $label }”
node-more = mais { $count }
node-volumes = volumes de um PocketStack

node-size = { $size }
node-serial = número de série { $serial }
node-disk-shown = { $name } ({ $facts })
node-now-empty = vazio
node-now-pocketstack = PocketStack
node-now-incomplete = um PocketStack incompleto
node-now-state = o estado de uma máquina iniciada por uma mídia

node-plan-no-disks = esta máquina não tem discos: verifique se há um conectado e se a controladora está ativada no firmware
node-by-serial = com o número de série { $serial }
node-by-path = em { $path }
node-plan-no-such-disk = não existe o disco { $choice }; existem: { $there }
node-plan-ambiguous = o disco { $choice } pode ser mais de um: { $matching }; escolha um pelo caminho
node-plan-refused = { $disk } não pode ser usado: { $why }; existem: { $there }
node-plan-twice = { $disk } foi escolhido duas vezes: indique cada disco uma única vez
node-plan-has-state = esta máquina funciona a partir de um disco em que foi instalada e guarda o estado nele: um disco só para o estado é para máquinas iniciadas por um pendrive, um CD ou DVD, ou pela rede
node-plan-nothing-anew = só o estado vai para o disco, portanto não há um sistema para gravar novamente: omita existing ou defina existing = "erase" para apagar o disco
node-plan-other-state = { $disk } já contém o estado de uma máquina iniciada por uma mídia, e uma máquina só pode ter um disco assim: indique-o em data_disks com existing = "erase" para apagá-lo, ou retire-o
node-plan-mirror-alone = um espelho precisa de um segundo disco: indique um em data_disks ou defina mirror = false
node-plan-mirror-of-many = um espelho usa dois discos, e foram indicados { $disks }: indique um só disco em data_disks ou defina mirror = false
node-plan-installed = { $disk } já contém um PocketStack: defina existing = "keep" para gravar o sistema novamente, ou existing = "erase" para apagar o disco
node-plan-occupied = { $disk } não está vazio ({ $what }): defina existing = "erase" para apagá-lo ou escolha outro disco
node-plan-nothing-to-keep = { $disk } não contém um PocketStack cujo estado possa ser mantido (agora: { $now }): { $instead }
node-instead-leave-out = omita existing para instalar no disco vazio
node-instead-erase = defina existing = "erase" para apagar o disco ou escolha outro
node-plan-not-its-disk = { $disk } não faz parte do PocketStack que é mantido (agora: { $now }): deixe-o fora de data_disks enquanto o sistema é gravado novamente

node-step-look = examinando os discos
node-step-release = desativando volumes nos discos
node-step-clear = limpando os discos
node-step-close = removendo as entradas de boot antigas
node-step-copy = copiando o sistema
node-step-prove = verificando a cópia
node-step-state = criando a partição de estado
node-step-volumes = criando o pool de armazenamento
node-step-boot = gravando os arquivos de boot
node-step-configure = salvando a configuração
node-step-activate = tornando o disco inicializável
node-step-write = gravando as tabelas de partições
node-step-done = concluída

node-failed = A etapa “{ $step }” falhou: { $trouble }. { $left }
node-left-untouched = Nada foi alterado
node-left-empty = O disco está vazio agora; comece a instalação novamente
node-left-unsure = O disco pode estar completo ou não; comece a instalação novamente
node-left-closed = O estado e os volumes estão como estavam, mas não é possível iniciar por este disco até que a instalação seja repetida
node-trouble-on = { $disk }: { $error }
node-trouble-failing = { $disk }: { $error }; o disco está com defeito e precisa ser substituído
node-source-unreadable = não é possível ler a mídia a partir da qual esta máquina funciona ({ $error }): grave a mídia novamente ou use outra
node-system-too-large = o sistema tem { $size } bytes, e há espaço para { $room }: este instalador não corresponde ao sistema
node-read-back-differs = { $disk }: o que foi lido de volta não é o que foi gravado ({ $what }); o disco está com defeito e precisa ser substituído
node-group-elsewhere = o grupo de volumes pocketstack está em { $devices }, que não faz parte desta instalação: indique o disco em data_disks com existing = "erase" ou retire-o da máquina
node-layout-unkept = o PocketStack em { $disk } não pode ser mantido: { $why }; defina existing = "erase" para apagá-lo
node-state-unreadable = o estado em { $disk } não pode ser lido ({ $error }); defina existing = "erase" para apagá-lo
node-configuration-refused = a configuração: { $error }

node-cut-off = o pocketstackd foi reiniciado enquanto instalava em { $disk }: esse disco pode ter sido gravado pela metade e não é usado até que uma instalação nele seja concluída; comece a instalação novamente
node-cut-off-with-answers = o pocketstackd foi reiniciado enquanto instalava em { $disk }: esse disco pode ter sido gravado pela metade e não é usado até que uma instalação nele seja concluída; conecte novamente a mídia com as respostas ou comece uma nova instalação
