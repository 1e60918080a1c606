/** Name, port, protocols, aliases: from IANA's Service Name and Transport Protocol Port Number Registry. */
export const table = `
tcpmux 1 tcp
echo 7 tcp/udp
discard 9 tcp/udp sink null
systat 11 tcp/udp users
daytime 13 tcp/udp
qotd 17 tcp/udp quote
chargen 19 tcp/udp ttytst source
ftp-data 20 tcp
ftp 21 tcp
ssh 22 tcp
telnet 23 tcp
smtp 25 tcp mail
time 37 tcp/udp timserver
nicname 43 tcp whois
tacacs 49 tcp/udp
domain 53 tcp/udp dns
bootps 67 udp
bootpc 68 udp
tftp 69 udp
gopher 70 tcp
finger 79 tcp
http 80 tcp www
kerberos 88 tcp/udp kerberos5
pop3 110 tcp pop-3
sunrpc 111 tcp/udp portmapper rpcbind
auth 113 tcp ident tap
nntp 119 tcp readnews untp
ntp 123 udp
epmap 135 tcp/udp loc-srv
netbios-ns 137 udp
netbios-dgm 138 udp
netbios-ssn 139 tcp
imap 143 tcp imap2
snmp 161 tcp/udp
snmptrap 162 tcp/udp snmp-trap
xdmcp 177 udp
bgp 179 tcp
irc 194 tcp/udp
ptp-event 319 udp
ptp-general 320 udp
ldap 389 tcp/udp
svrloc 427 tcp/udp
https 443 tcp/udp
microsoft-ds 445 tcp/udp
kpasswd 464 tcp/udp
submissions 465 tcp smtps ssmtp
isakmp 500 udp
exec 512 tcp
biff 512 udp comsat
login 513 tcp
who 513 udp whod
shell 514 tcp cmd
syslog 514 udp
printer 515 tcp spooler
talk 517 udp
ntalk 518 udp
router 520 udp route routed rip
ripng 521 udp
uucp 540 tcp
dhcpv6-client 546 udp
dhcpv6-server 547 udp
rtsp 554 tcp/udp
nntps 563 tcp snntp
submission 587 tcp
ipp 631 tcp/udp
ldaps 636 tcp/udp
ldp 646 tcp/udp
domain-s 853 tcp/udp
iscsi 860 tcp
rsync 873 tcp
ftps-data 989 tcp
ftps 990 tcp
telnets 992 tcp
imaps 993 tcp
pop3s 995 tcp
socks 1080 tcp
openvpn 1194 tcp/udp
ms-sql-s 1433 tcp
ms-sql-m 1434 udp
l2f 1701 udp l2tp
pptp 1723 tcp
radius 1812 udp
radius-acct 1813 udp radacct
mqtt 1883 tcp
ssdp 1900 udp
nfs 2049 tcp/udp
gtp-control 2123 udp
gtp-user 2152 udp
docker 2375 tcp
docker-s 2376 tcp
dict 2628 tcp
iscsi-target 3260 tcp
mysql 3306 tcp
ms-wbt-server 3389 tcp rdp
stun 3478 tcp/udp turn
distcc 3632 tcp
svn 3690 tcp subversion
sieve 4190 tcp
epmd 4369 tcp
ntske 4460 tcp
ipsec-nat-t 4500 udp
iax 4569 udp
ipfix 4739 tcp/udp
vxlan 4789 udp
sip 5060 tcp/udp
sips 5061 tcp
xmpp-client 5222 tcp jabber-client
xmpp-server 5269 tcp jabber-server
stuns 5349 tcp turns
mdns 5353 udp
llmnr 5355 tcp/udp
postgresql 5432 tcp postgres
amqps 5671 tcp
amqp 5672 tcp
coap 5683 tcp/udp
coaps 5684 tcp/udp
rfb 5900 tcp vnc
x11 6000 tcp
redis 6379 tcp
syslog-tls 6514 tcp
babel 6696 udp
ircs-u 6697 tcp ircs
http-alt 8080 tcp webcache
secure-mqtt 8883 tcp mqtts
git 9418 tcp
nbd 10809 tcp
memcache 11211 tcp/udp memcached
`
