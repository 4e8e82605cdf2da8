# A visão geral de uma máquina, e o que nela requer atenção.
overview-stale = Desatualizado: não é possível contatar a máquina. Tentando novamente.
overview-findings = Requer atenção
summary-healthy = Tudo em ordem
summary-starting = Iniciando
summary-problems =
    { $count ->
        [one] 1 problema
       *[other] { $count } problemas
    }
summary-warnings =
    { $count ->
        [one] 1 aviso
       *[other] { $count } avisos
    }
level-note = Observação
level-pending = Iniciando
level-warning = Aviso
level-problem = Problema
finding-component-failed = { $name } não funciona:
finding-component-checking = { $name } ainda não foi verificado.
finding-units-unknown = Não se sabe se algum serviço de sistema falhou:
finding-unit-failed = O serviço de sistema { $unit } falhou.
finding-stuck = Em desacordo com a configuração ({ $subject }):
finding-installation-failed = A instalação em disco falhou:
finding-root-writable = O sistema de arquivos raiz está verificado, mas não está montado como somente leitura.
finding-root-damaged = O sistema de arquivos raiz está danificado: um bloco lido da mídia de boot não é o que foi gerado. Substitua a mídia ou grave a imagem nela novamente.
finding-root-unverified = O sistema de arquivos raiz não está verificado:
finding-state-full = A partição de estado está quase cheia; quando encher, nada mais poderá ser salvo.
finding-state-volatile = O estado fica apenas na memória, porque não é possível gravar na mídia de boot: esta máquina esquece suas configurações e seu certificado ao reiniciar.
finding-no-nic = Nenhuma placa de rede com fio foi encontrada. Instale uma, ou uma que o kernel reconheça.
finding-no-link = Nenhuma placa de rede tem link. Verifique o cabo e se o switch está ligado.
finding-no-address = { $bridge } não tem endereço. Verifique se há um servidor DHCP nesta rede.
finding-network-failed = Não foi possível configurar a rede de gerenciamento:
finding-memory-full = A memória está quase esgotada.

installation = Instalação
installation-running = Instalando em disco
installation-failed = A instalação em disco falhou
installation-done = Instalado em disco
installation-done-detail = A instalação em { $disk } está completa e foi conferida por leitura. A máquina reinicia ou é desligada automaticamente.

state = Estado
bridge = Bridge
addresses = Endereços
no-address = Nenhum
processor = Processador
model = Modelo
cores = Núcleos
cores-threads = { $cores } ({ $threads } threads)
busy = Em uso
processor-busy = Uso do processador
not-measured = Ainda não medido
load = Carga
load-averages = { $one } (1 min), { $five } (5 min), { $fifteen } (15 min)
memory = Memória
memory-installed = Instalada
memory-used = Em uso
memory-used-label = Memória em uso
boot = Boot e estado
firmware = Firmware
firmware-bios = BIOS (legado)
firmware-uefi = UEFI
medium = Mídia
medium-disk = Disco ou pendrive
medium-iso = Imagem ISO
medium-network = Rede (em memória)
medium-other = Outra: não é uma mídia do PocketStack
root = Raiz
root-verified = Verificada, somente leitura
root-writable = Verificada, mas gravável
root-damaged = Danificada
root-unverified = Não verificada
stored-state = Estado
state-persistent = { $used } de { $size } em uso em { $device }
state-volatile = Apenas na memória, perdido ao reiniciar
state-used-label = Uso da partição de estado
kernel = Kernel
uptime = Ligada há

components = Componentes
component = Componente
component-version = Versão
component-kvm = virtualização por hardware
component-libvirt = máquinas virtuais
component-drbd = discos replicados
component-heartbeat = associação ao cluster
health = Situação
health-checking = Ainda não verificado
health-working = Funcionando
health-ready = Pronto, ainda não necessário
health-failed = Falhou

configuration = Configuração
kept-what = O quê
kept-want = O que eu quero
kept-see = O que eu vejo
kept-doing = O que estou fazendo a respeito
kept-since = desde { $since }
kept-unknown = Nada se sabe ainda.
doing-nothing = Nada, está como deveria
doing-changing = Alterando
doing-stuck = Travado

disks = Discos
size = Tamanho
serial = Número de série
kind = Tipo
boot-medium = Mídia de boot
disk-removable = Removível
disk-hard = Disco rígido
disk-solid = Estado sólido
no-disks = Esta máquina não tem discos.
link = Link
link-up = Ativo
link-down = Inativo
speed = Velocidade
mac = Endereço MAC
driver = Driver
part-of = Parte de
no-nics = Esta máquina não tem placas de rede com fio.
failed-units = Serviços de sistema com falha
units-unknown = Desconhecido:
no-failed-units = Nenhum.
read-at = Lido da máquina em
as-json = Esta página em JSON
